--- Tells people what happened: a web hook, or mail through sendmail.
--
--     local notify = require "muster.notify"
--     notify.webhook("https://hooks.example.org/muster", { text = server.name .. " is " .. server.state }, {
--       headers = { Authorization = { "Bearer ", secret "webhook/token" } },
--     })
--     notify.mail {
--       to = { "night@example.org", "maria@example.org" }, from = "muster@example.org",
--       subject = server.name .. " läuft", text = "It is on " .. server.resource .. ".\n",
--     }
--
-- A hook file that uses it declares `needs { "http", "exec" }`. What it may really reach the operator says in fleet.lua:
-- `settings { allow_http = { "https://hooks.example.org/" }, allow_secrets = { "webhook/token" }, allow_exec = { "/usr/sbin/sendmail" } }`.
-- A secret goes into a header by its name, `secret "webhook/token"`: its text is never in Lua, so neither in a mail nor in an address.
--
-- `webhook(url, body, { headers = …, timeout = "10s", times = 3, pause = "5s" })` posts a text, or a table as JSON, and returns the answer. An
-- address that cannot be asked, and a status of 5xx, 408 or 429, is tried again; another status that is not 2xx raises at once.
-- `mail { to = …, subject = …, text = …, from = …, sendmail = "/usr/sbin/sendmail", timeout = "1m", times = 3, pause = "1m" }` is done when
-- sendmail has taken it; one that says "later" (75) is tried again. What cannot be told raises `notify_failed`. After a crash of the engine a
-- message in doubt is sent again: twice is better than not at all.

local retry = require "muster.retry"

local notify = {}

local function failed(message, hint, again)
  error({ code = "notify_failed", message = message, hint = hint, again = again }, 0)
end

local function wrong(message, hint) error({ code = "bad_argument", message = message, hint = hint }, 0) end

-- What another try may mend: our own word for it, and what could not be reached.
local function may_pass(problem)
  return type(problem) == "table" and (problem.again or problem.code == "http_failed" or problem.code == "exec_failed" or problem.code == "timeout")
end

local function insist(options, pause, body)
  return retry({ times = options.times or 3, pause = options.pause or pause, when = may_pass }, body)
end

function notify.webhook(url, body, options)
  options = options or {}
  return insist(options, "5s", function()
    local answer = http.post(url, body, { headers = options.headers, timeout = options.timeout or "10s", repeatable = true })
    local status = answer.status
    if status >= 200 and status <= 299 then return answer end
    failed("the web hook answered with status " .. status, "ask the one who runs it; it said: " .. answer.body:sub(1, 200),
      status >= 500 or status == 408 or status == 429)
  end)
end

-- Each byte as `=XX` (RFC 2045, section 6.7), which the body and the headers have in common.
local escapes = {}
for byte = 0, 255 do escapes[string.char(byte)] = ("=%02X"):format(byte) end

-- The beginning of a text, without half a character at its end.
local function cut(text, length)
  if #text <= length then return text end
  return (text:sub(1, length):gsub("[\xc0-\xff][\x80-\xbf]*$", function(last) return utf8.len(last) and last or "" end))
end

-- A header's text: on one line, and in encoded words when it is not plain (RFC 2047, section 4.2), each of at most 75 characters.
local function header(text)
  text = cut((text:gsub("%c+", " ")), 500)
  if not text:find("[\x80-\xff]") then return text end
  local words, word = {}, ""
  for character in text:gmatch("[^\x80-\xbf][\x80-\xbf]*") do
    local part = character:find("^%w$") and character or character:gsub(".", escapes)
    if #word + #part > 50 then words[#words + 1], word = word, "" end
    word = word .. part
  end
  words[#words + 1] = word
  return "=?UTF-8?Q?" .. table.concat(words, "?=\n =?UTF-8?Q?") .. "?="
end

-- Lines of quoted-printable text (RFC 2045, section 6.7), each of at most 76 characters.
local function printable(text)
  local lines = {}
  for line in (text:gsub("\r\n", "\n") .. "\n"):gmatch("(.-)\n") do
    line = line:gsub("[^\t\x20-\x3c\x3e-\x7e]", escapes):gsub("[\t ]$", escapes)
    local from = 1
    while #line - from >= 76 do
      -- An escape is not torn.
      local torn = line:sub(from + 73, from + 74):find("=", 1, true)
      local to = from + (torn and 71 + torn or 74)
      lines[#lines + 1] = line:sub(from, to) .. "="
      from = to + 1
    end
    lines[#lines + 1] = line:sub(from)
  end
  return table.concat(lines, "\n")
end

-- An address goes to a command line and into a header: it must not look like an option, nor like more than one.
local function address(value, field)
  if type(value) ~= "string" or not value:find("^[%w_.+=~/'!#$%%&*?^`{|}-]+@[%w.:%[%]-]+$") and not value:find("^[%w_][%w_.-]*$") or value:find("^-") then
    wrong("notify.mail: " .. field .. " is " .. tostring(value) .. ", not an address", field .. ' = "maria@example.org"')
  end
  return value
end

local function text(value, field)
  if type(value) ~= "string" then wrong("notify.mail: " .. field .. " is not a text", field .. ' = "…"') end
  return value
end

-- Longer than anybody reads, and what can be encoded between two steps.
local most = 16 * 1024

function notify.mail(message)
  if type(message) ~= "table" then wrong("notify.mail wants a table", 'notify.mail { to = "maria@example.org", subject = "…", text = "…" }') end
  local to = {}
  for i, one in ipairs(type(message.to) == "table" and message.to or { message.to }) do to[i] = address(one, "to") end
  if #to == 0 then wrong("notify.mail: to is missing", 'to = "maria@example.org"') end
  local body = text(message.text, "text")
  if #body > most then body = cut(body, most) .. "\n[the rest is cut]" end
  local head = {
    "To: " .. table.concat(to, ",\n "), "Subject: " .. header(text(message.subject, "subject")), "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
    -- Answering machines stay silent (RFC 3834, section 5).
    "Auto-Submitted: auto-generated",
  }
  local program = { message.sendmail or "/usr/sbin/sendmail", "-i" }
  if message.from then
    table.insert(head, 1, "From: " .. address(message.from, "from"))
    table.move({ "-f", message.from }, 1, 2, 3, program)
  end
  table.move(to, 1, #to, #program + 1, program)
  program.input = table.concat(head, "\n") .. "\n\n" .. printable(body)
  program.timeout, program.repeatable = message.timeout or "1m", true
  insist(message, "1m", function()
    local result = exec(program)
    if result.code ~= 0 then
      failed(program[1] .. " ended with " .. result.code .. ": " .. result.errors:sub(1, 200), "try it by hand, as the engine's user", result.code == 75)
    end
  end)
end

return notify
