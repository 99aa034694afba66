-- KEYS: version, locks, names. ARGV: server, name, expected version or 0, new bytes or '' to
-- delete, channels to wake. A record is stored as its version, a blank, its bytes.
-- Returns {1, version}, or {0, record} if it has another version.
local state, refusal = readState()
if refusal then
  return refusal
end
local name = ARGV[2]
local current = redis.call('HGET', KEYS[2], name)
if (current and string.match(current, '^%d+') or '0') ~= ARGV[3] then
  return { 0, current }
end
local version = 0
if ARGV[4] ~= '' then
  version = draw(state, ARGV[1])
  redis.call('HSET', KEYS[2], name, text(version) .. ' ' .. ARGV[4])
  if not current then
    redis.call('ZADD', KEYS[3], 0, name)
  end
elseif current then
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[3], name)
end
for i = 5, #ARGV do
  redis.pcall('PUBLISH', ARGV[i], name)
end
return { 1, version }
