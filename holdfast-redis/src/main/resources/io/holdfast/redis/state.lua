-- Read before every script that draws versions. KEYS[1] is a hash:
--   format  how everything in this space is stored
--   last    the last version drawn
--   server  the process that drew it
--   breaks  "kept:first,…": at a change of server, the last version that the new one knew of, and
--           the first that it drew. What lies between was drawn elsewhere and is lost.
local GAP = 16777216

local function text(number)
  return string.format('%.0f', number)
end

local function readState()
  local state = redis.call('HMGET', KEYS[1], 'format', 'last', 'server')
  if state[1] and state[1] ~= '1' then
    return nil, redis.error_reply('HOLDFASTFORMAT ' .. state[1])
  end
  return { last = tonumber(state[2] or '0'), server = state[3] }
end

local function breaks()
  local found = {}
  local stored = redis.call('HGET', KEYS[1], 'breaks') or ''
  for kept, first in string.gmatch(stored, '(%d+):(%d+)') do
    found[#found + 1] = { kept = tonumber(kept), first = tonumber(first) }
  end
  return found
end

-- The clock counts milliseconds, with room for 256 versions in each: below 2^51 until 2248.
local function clock()
  local time = redis.call('TIME')
  return (time[1] * 1000 + math.floor(time[2] / 1000)) * 256
end

-- Another process than the one that drew the last version: writes may have been lost in between,
-- and its clock may be behind. So it begins a good minute of versions further on.
local function takeOver(state, server)
  local first = math.max(state.last, clock()) + GAP
  local all = breaks()
  all[#all + 1] = { kept = state.last, first = first }
  local stored = {}
  for i = math.max(1, #all - 15), #all do
    stored[#stored + 1] = text(all[i].kept) .. ':' .. text(all[i].first)
  end
  redis.call('HSET', KEYS[1], 'format', '1', 'last', text(first), 'server', server,
    'breaks', table.concat(stored, ','))
  state.last = first
  return first
end

-- An empty name of the server means that it does not tell.
local function changed(state, server)
  return not state.server or (server ~= '' and state.server ~= server)
end

local function draw(state, server)
  if changed(state, server) then
    return takeOver(state, server)
  end
  local version = math.max(state.last + 1, clock())
  redis.call('HSET', KEYS[1], 'last', text(version))
  return version
end
