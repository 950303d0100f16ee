-- wrk -s wrk.lua URL -- FILE STATUS
-- Sends the requests of FILE in turn and prints what was served.

local requests, at, alone = {}, 0, nil

function init(args)
  for line in io.lines(args[1]) do
    local path, authorization = line:match("^(.-)\t(.*)$")
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    if authorization ~= "" then headers["Authorization"] = authorization end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  if #requests == 1 then alone = requests[1] end
  refused = tonumber(args[2]) >= 400
end

function request()
  if alone then return alone end
  at = at % #requests + 1
  return requests[at]
end

local thread

-- setup runs outside of the thread, where done runs too.
function setup(t) thread = t end

-- Statuses are told apart by wrk's own count of those from 400 on: a response
-- function would make wrk read every answer into Lua.
function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.timeout
  if thread:get("refused") then
    wrong = wrong + summary.requests - errors.status
  else
    wrong = wrong + errors.status
  end
  if wrong > 0 then
    io.stderr:write(string.format("connect %d, read %d, write %d, timeout %d, status from 400 on %d\n",
      errors.connect, errors.read, errors.write, errors.timeout, errors.status))
  end
  print(string.format("served %d %d %d %d %d", summary.requests, wrong, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
