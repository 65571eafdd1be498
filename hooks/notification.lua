--- Tells people what needs them: by mail, by a web hook, or both.
--
-- Rests until fleet.lua names a receiver, and allows what it takes to reach it:
--
--     policy "notification" { webhook = "https://hooks.example.org/muster", token = "webhook/token" }
--     policy "notification" { mail = { "night@example.org" }, from = "muster@example.org" }
--     settings { allow_http = { "https://hooks.example.org/" }, allow_secrets = { "webhook/token" }, allow_exec = { "/usr/sbin/sendmail" } }
--
-- Settings: `webhook` (an address; it gets a JSON object with `text`, `event` and `data`), `token` (a secret's name, sent as bearer token),
-- `mail` (one or more addresses), `from`. It tells server.blocked, resource.failed, fence.failed, store.full, user.not_drained and
-- user.new_machine; each thing once in ten minutes. What cannot be told is tried again three times, and then a failed run. Needs: http, exec.

needs { "http", "exec" }

local notify = require "muster.notify"

local words = {
  ["server.blocked"] = function(event) return event.server.name .. " is blocked: " .. event.data.reason .. ". " .. event.data.remedy end,
  ["resource.failed"] = function(event) return event.resource.name .. " failed" end,
  ["fence.failed"] = function(event) return event.resource.name .. " was not seen off: " .. event.data.message end,
  ["store.full"] = function() return "the disk of Muster's state is full: nothing new is accepted" end,
  ["user.not_drained"] = function(event) return event.data.machine .. " was not drained: " .. event.data.reason end,
  ["user.new_machine"] = function(event) return "a new machine booted: " .. event.data.declare end,
}

local function tell(event)
  local told = policy "notification"
  if not told or not (told.webhook or told.mail) then return end
  local text = words[event.name](event)
  local recent = {}
  for said, at in pairs(recall("recent") or {}) do
    if now() - at < 600 then recent[said] = at end
  end
  if recent[text] then return end
  if told.webhook then
    local headers = told.token and { Authorization = { "Bearer ", secret(told.token) } } or nil
    notify.webhook(told.webhook, { text = text, event = event.name, data = event.data }, { headers = headers })
  end
  if told.mail then notify.mail { to = told.mail, from = told.from, subject = "Muster: " .. text, text = text .. "\n" } end
  recent[text] = now()
  remember("recent", recent)
end

for name in pairs(words) do
  on(name, { policy = "notification", name = "notification " .. name }, tell)
end
