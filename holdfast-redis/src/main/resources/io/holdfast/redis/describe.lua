-- KEYS: sessions. Returns {ttl, node, host, pid} for each, with nothing in it if it is gone.
local described = {}
for i, session in ipairs(KEYS) do
  described[i] = redis.call('HMGET', session, 'ttl', 'node', 'host', 'pid')
end
return described
