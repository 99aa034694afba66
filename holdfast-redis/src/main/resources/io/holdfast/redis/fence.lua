-- KEYS: fence, and, to write, the key that it guards. ARGV: token, and, to write, the new value.
-- The fence is a string: the largest token seen. Returns that token if ARGV's is smaller, else ''.
--
-- Tokens have up to 19 digits, more than a number of Lua keeps, so they are compared as digits.
local token = ARGV[1]
local highest = redis.call('GET', KEYS[1]) or '0'
if #token < #highest or (#token == #highest and token < highest) then
  return highest
end
if token ~= highest then
  redis.call('SET', KEYS[1], token)
end
if KEYS[2] then
  redis.call('SET', KEYS[2], ARGV[2])
end
return ''
