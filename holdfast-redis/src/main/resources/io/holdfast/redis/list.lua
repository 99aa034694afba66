-- KEYS: locks, names. ARGV: from (as ZRANGEBYLEX has it), how many. Returns name, record, ….
local names = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
local found = {}
for _, name in ipairs(names) do
  local record = redis.call('HGET', KEYS[1], name)
  if record then
    found[#found + 1] = name
    found[#found + 1] = record
  end
end
return found
