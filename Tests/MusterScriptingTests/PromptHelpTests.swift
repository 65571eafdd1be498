import MusterCore
import Testing

@testable import MusterScripting

/// Help and completion at the prompt.
@Suite struct PromptHelpTests {
    @Test func helpKnowsFunctionsTablesSnapshotsAndNames() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        func help(_ text: String) async throws -> String {
            try await scene.scripting.evaluate(session: "s", text: text, operatorName: "maria")["output"].string ?? ""
        }
        for text in ["help(resources.get)", "help('resources.get')", "help 'resources.get()'"] {
            #expect(try await help(text).hasPrefix("resources.get(name)\n  The machine of this name."), "\(text)")
        }
        #expect(try await help("help(resources)").contains("resources.find([filter])"))
        #expect(try await help("help(resources.get('node1'))").hasPrefix("resource: A machine that can run a server"))
        #expect(try await help("help(resources.get('node1').fence)").contains("needs \"power\" · in doubt: verify"))
        #expect(try await help("help(resources.get('node1').try_fence)").contains("try_fence returns nil and the error"))
        #expect(try await help("help 'resource:fence'").contains("returns an evidence"))
        #expect(try await help("help 'resource.failed'").contains("event.data.silence"))
        #expect(try await help("help 'claim_alive'").contains("remedy: fence that machine first"))
        #expect(try await help("help 'host'").contains("in fleet.lua"))
        #expect(try await help("help(sleep)").contains("sleep(\"30s\")"))
        #expect(try await help("help()").contains("resources  get, list, find"))
        #expect(try await help("help 'resorces'") == "there is no help on this: resorces; did you mean help(\"resources\")?")
        #expect(try await help("help(print == log and function() end)") == "there is no help on this; help() lists what there is")
        #expect(try await help("help(5)").contains("there is no help"))
        #expect(try await help("print(help(now))").hasPrefix("now()"))
    }

    @Test(
        arguments: [
            ("reso", ["resources"]), ("resources.l", ["resources.list"]), ("resources.try_l", ["resources.try_list"]),
            ("x:try_fe", ["x:try_fence"]), ("x:wait", ["x:wait_ready"]), ("string.for", ["string.format"]),
            ("event.resour", ["event.resource", "event.resources"]),
            ("wait_for(\"server.bl", ["server.blocked"]), ("on(\"run.f", ["run.failed"]), ("on \"run.f", ["run.failed"]),
            ("x:power_on { ti", ["timeout"]), ("x:power_on { ", ["timeout"]), ("x:power_on { timeout = \"1m\", ", ["timeout"]),
            ("wait_for(\"user.x\", { re", ["resource"]), ("x:power_on { timeout = no", ["not", "now"]), ("x:set_boot_device(\"p", ["pxe"]),
            ("on(\"user.x\", { ke", ["key"]), ("resources.get \"node", ["node1", "node2"]), ("boot.plan(\"node", ["node1", "node2"]),
            ("s:claim(\"node", ["node1", "node2"]), ("help(\"resource.fe", ["resource.fence", "resource.fenced"]), ("hel", ["help"]),
            ("}", nil), ("{{{", nil), ("", nil),
        ] as [(String, [String]?)]) func completionKnowsWhereItIs(_ text: String, _ expected: [String]?)
    {
        let found = Completion.complete(text, objects: ["resources": ["node1", "node2"], "servers": ["shop"]])
        if let expected { #expect(found == expected) } else { #expect(found.contains("resources")) }
    }
}
