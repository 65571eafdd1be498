import ArgumentParser
import MusterCore

struct FenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fence", abstract: "Makes sure that a machine can touch nothing any more.",
        discussion: """
            Switches it off by its BMC and waits until it reads off. Where that is impossible, go and look, then give your word \
            with --confirm-off: it is recorded under your name, and the machine's server may start elsewhere.
            """)

    @OptionGroup var engine: EngineOptions
    @Argument(help: "The machine.") var name: String
    @Flag(help: "I have seen that it is off. Wrong, this destroys data.") var confirmOff = false
    @Flag(help: "Return once it is ordered.") var noWait = false
    @Option(help: "How long to wait.") var timeout = Length(milliseconds: 90_000)

    func run() async throws {
        let client = engine.client
        if confirmOff {
            let evidence = try await client.request("fence", ["name": .string(name), "confirm_off": true])
            return engine.show.value(evidence) { ["\(name) is fenced by your word: \(evidence["detail"].string ?? "")"] }
        }
        let awaiting = try await Awaiting(client)
        let answer = try await client.request("fence", ["name": .string(name)])
        if noWait { return engine.show.value(answer) { ["\(name) is being fenced: muster events --follow"] } }
        if !engine.show.json { Screen.error.line("\(name) is being switched off until it is seen off …") }
        try await wait(awaiting)
    }

    private func wait(_ awaiting: Awaiting) async throws {
        let name = name
        let show = engine.show
        let end = try await awaiting.first(within: timeout.duration) { event -> Event? in
            guard event.resource?.rawValue == name else { return nil }
            Awaiting.progress(event, show)
            return event.name == "resource.fenced" || event.name == "fence.failed" ? event : nil
        }
        guard let end else {
            throw MusterError(
                .timeout, "\(name) was not seen off within \(Quantity.people(milliseconds: timeout.milliseconds))",
                hint: "the order stands: muster events --follow; or switch it off, then: muster fence \(name) --confirm-off",
                subject: name)
        }
        if end.name == "fence.failed" {
            throw MusterError(
                MusterError.Code(rawValue: end.data["code"]?.string ?? "fence_failed"),
                end.data["message"]?.string ?? "\(name) could not be fenced",
                hint: (end.data["hint"]?.string.map { "\($0); or " } ?? "")
                    + "if you have seen that it is off: muster fence \(name) --confirm-off",
                subject: name)
        }
        show.value((try? Value(encoding: end)) ?? .null) {
            ["\(name) is fenced: \(end.data["evidence"]?.string ?? "off"), \(end.data["detail"]?.string ?? "")"]
        }
    }
}
