import MusterCore
import MusterLua
import Testing

@Suite struct SmokeTests {
    @Test func loadsRegistersAndCalls() async throws {
        let isolate = try LuaIsolate(
            functions: [
                .registration("on"), .effect("resource.power_on"),
                .function("upper") { call throws(MusterError) in [.string(call.arguments[0].string?.uppercased() ?? "")] },
            ],
            preludes: [
                LuaSource(
                    name: "=prelude",
                    text: """
                        local power_on = host["resource.power_on"]
                        on = host.on
                        upper = host.upper
                        host.class("resource", { power_on = function(self) return power_on(self) end })
                        """)
            ])
        let source = LuaSource(
            name: "failover.lua",
            text: """
                on("resource.failed", { key = "resource" }, function(event)
                  local answer = event.resource:power_on()
                  return upper(event.resource.name), answer
                end)
                """)
        let chunk = try await isolate.perform { try $0.compile(source) }
        let registrations = try await isolate.perform { lua in
            let start = lua.load(chunk)
            let strand = try #require(start.strand)
            defer { lua.finish(strand) }
            return lua.registrations(of: strand)
        }
        #expect(registrations.count == 1)
        #expect(registrations[0].name == "on")
        #expect(registrations[0].arguments == ["resource.failed", ["key": "resource"], ["$function": 1]])
        let handler = try #require(registrations[0].functions.first)
        let event: Value = ["name": "resource.failed", "resource": ["$type": "resource", "name": "node1", "id": 7]]
        let started = try await isolate.perform { $0.dispatch(chunk, handler: handler, arguments: [event]) }
        #expect(
            started.outcome
                == .yielded(name: "resource.power_on", arguments: [["$type": "resource", "name": "node1", "id": 7]]))
        let strand = try #require(started.strand)
        let outcome = try await isolate.perform { $0.resume(strand, with: .success(["done"])) }
        #expect(outcome == .returned(["NODE1", "done"]))
    }
}
