-- KEYS: sessions. Returns the report of each, or nothing.
local reports = {}
for i, session in ipairs(KEYS) do
  reports[i] = redis.call('HGET', session, 'report')
end
return reports
