-- KEYS: version, session. ARGV: server, the largest version seen on this connection, then those
-- seen on earlier ones. Returns {1}, or {0} if the session is gone.
--
-- A session is ended here if its client has seen a version that this server has lost: then its
-- locks may have been given to others.
local state, refusal = readState()
if refusal then
  return refusal
end
local ttl = redis.call('HGET', KEYS[2], 'ttl')
if not ttl then
  return { 0 }
end
local lost = tonumber(ARGV[2]) > state.last
if changed(state, ARGV[1]) then
  takeOver(state, ARGV[1])
end
if #ARGV > 2 then
  for _, gap in ipairs(breaks()) do
    for i = 3, #ARGV do
      local seen = tonumber(ARGV[i])
      lost = lost or (gap.kept < seen and seen < gap.first)
    end
  end
end
if lost then
  redis.call('DEL', KEYS[2])
  return { 0 }
end
redis.call('PEXPIRE', KEYS[2], ttl)
return { 1 }
