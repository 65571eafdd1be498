import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// Calls with arguments that do not fit: each names the call, the parameter, what was given, and what would do.
@Suite struct ArgumentTests {
    @Test(arguments: [
        ("resources.get(5)", "resources.get: name is 5, not a text", "write resources.get(name)"),
        ("resources.get()", "resources.get: name is missing, a text", "write resources.get(name)"),
        ("resources:get('node1')", "resources.get: name is a table, not a text", "call it with a dot: resources.get(name)"),
        ("resources.get('node1').fence()", "resource.fence wants a resource, not nil", "call it with a colon: resource:fence()"),
        ("resources.get('node1'):power_on(true)", "resource.power_on: options is true, not a table of options", "{ timeout = … }"),
        (
            "resources.get('node1'):power_on { timeuot = 1 }", "resource.power_on: there is no option \"timeuot\"",
            "did you mean \"timeout\"?"
        ),
        ("resources.get('node1'):power_on { colour = 1 }", "resource.power_on: there is no option \"colour\"", "the only one is timeout"),
        ("resources.get('node1'):power_on { '30s' }", "resource.power_on: options has a value without a name", "write { timeout = … }"),
        (
            "resources.get('node1'):power_on { timeout = true }", "resource.power_on: timeout is true, not a duration",
            "write \"30s\" or a number of seconds"
        ),
        (
            "ipmi.on('node1', { timeout = {} })", "resource.power_on: timeout is a table, not a duration",
            "write \"30s\" or a number of seconds"
        ),
        (
            "resources.get('node1'):set_boot_device('pxee')",
            "resource.set_boot_device: device is \"pxee\", not one of \"pxe\", \"disk\", \"bios\", \"none\"",
            "one of \"pxe\", \"disk\", \"bios\", \"none\""
        ),
        ("servers.get('shop'):claim(7)", "server.claim: resource is 7, not a resource or its name", "write server:claim(resource)"),
        ("servers.get('shop'):try_claim()", "", ""),
        ("sleep(true)", "sleep: duration is true, not a duration", "write \"30s\" or a number of seconds"),
        ("wait_for({})", "wait_for: event is a table, not an event's name", "write wait_for(event, [options])"),
        ("wait_for('user.x', { server = 3 })", "wait_for: server is 3, not a server or its name", "write wait_for(event, [options])"),
        ("events.wait_for('user.x', { timout = 3 })", "events.wait_for: there is no option \"timout\"", "did you mean \"timeout\"?"),
        (
            "events.emit('user.x', 'data')", "events.emit: data is \"data\", not a table with names",
            "write events.emit(name, [data], [options])"
        ),
        (
            "resources.find('idle')", "resources.find: filter is \"idle\", not a table with names or a function(resource)",
            "write resources.find([filter])"
        ),
        ("on(1, function() end)", "on: event is 1, not an event's name", "write on(event, [options], handler)"),
        ("on('user.x')", "on: handler is missing, a function(event)", "write on(event, [options], handler)"),
        (
            "every('1m', 'x', function() end)", "every: options is \"x\", not a table of options",
            "{ key = …, name = …, retry = …, backoff = …, policy = …, at = … }"
        ),
    ]) func anArgumentThatDoesNotFitIsNamed(_ text: String, _ message: String, _ hint: String) async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        let id = try await scene.scripting.runScript(source: "\n" + text, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        let error = try await scene.store.run(id)?.error
        guard !message.isEmpty else { return #expect(error == nil) }
        #expect(error?.code == .badArgument)
        #expect(error?.message == message)
        #expect(error?.hint == hint)
        #expect(error?.place == "s.lua:2")
    }
}
