-- KEYS: version. ARGV: server. Returns a version that no record and no session has.
local state, refusal = readState()
if refusal then
  return refusal
end
return { draw(state, ARGV[1]) }
