-- Sends the bodies of a file (one a line) in turn, and prints what was measured as one line of JSON.
-- Every request is put together before the clock starts, so that what is measured is the server.

local prepared, turn = {}, 0

function init(arguments)
  local file, path = arguments[1], arguments[2]
  for line in io.lines(file) do
    prepared[#prepared + 1] = wrk.format("POST", path, {["Content-Type"] = "application/json"}, line)
  end
end

function request()
  turn = turn % #prepared + 1
  return prepared[turn]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "us": %d, "p50": %.1f, "p90": %.1f, "p99": %.1f, "failed": %d, "status": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
