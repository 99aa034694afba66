-- KEYS: sessions. Returns 1 or 0 for each.
local alive = {}
for i, session in ipairs(KEYS) do
  alive[i] = redis.call('EXISTS', session)
end
return alive
