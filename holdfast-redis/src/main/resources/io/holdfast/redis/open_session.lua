-- KEYS: session. ARGV: TTL in ms, node, host, pid. Returns {1}, or {0} if it exists.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'ttl', ARGV[1], 'node', ARGV[2], 'host', ARGV[3], 'pid', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return { 1 }
