import ArgumentParser
import MusterCore

struct FenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fence", abstract: "Makes sure that a machine can touch nothing any more.",
        discussion: """
            Tries the rungs of its fence ladder in order, until one has evidence: its BMC or an agent sees it off, or its image's \
            export is cut and it is silent since. Where none works, go and look, then give your word with --confirm-off: it is \
            recorded under your name, and the machine's server may start elsewhere.

            With --check nothing is fenced: every rung of the named machines, or of all, is tried without harm. Ends with 1 when a \
            machine has none that works.
            """)

    @OptionGroup var engine: EngineOptions
    @Argument(help: "The machine; with --check any number of them.") var names: [String] = []
    @Flag(help: "Try every rung without harm.") var check = false
    @Flag(help: "I have seen that it is off. Wrong, this destroys data.") var confirmOff = false
    @Flag(help: "Return once it is ordered.") var noWait = false
    @Option(help: "How long to wait.") var timeout = Length(milliseconds: 180_000)

    private var name: String { names.first ?? "" }

    func validate() throws {
        if check {
            if confirmOff || noWait { throw ValidationError("--check fences nothing: it goes with neither --confirm-off nor --no-wait") }
        } else if names.count != 1 {
            throw ValidationError(names.isEmpty ? "Missing expected argument '<name>'" : "one machine at a time")
        }
    }

    func run() async throws {
        let client = engine.client
        if check { return try await FenceChecks(client: client, show: engine.show).run(names, within: timeout.duration) }
        if confirmOff {
            let evidence = try await client.request("fence", ["name": .string(name), "confirm_off": true])
            return engine.show.value(evidence) { ["\(name) is fenced by your word: \(evidence["detail"].string ?? "")"] }
        }
        let awaiting = try await Awaiting(client)
        let answer = try await client.request("fence", ["name": .string(name)])
        if noWait { return engine.show.value(answer) { ["\(name) is being fenced: muster events --follow"] } }
        if !engine.show.json { Screen.error.line("\(name) is being fenced …") }
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
                .timeout, "\(name) was not fenced within \(Quantity.people(milliseconds: timeout.milliseconds))",
                hint: "the order stands: muster events --follow; or switch it off, then: muster fence \(name) --confirm-off",
                subject: name)
        }
        if end.name == "fence.failed" {
            throw MusterError(
                MusterError.Code(rawValue: end.data["code"]?.string ?? "fence_failed"),
                end.data["message"]?.string ?? "\(name) could not be fenced",
                hint: end.data["hint"]?.string.flatMap { $0.contains("--confirm-off") ? $0 : nil }
                    ?? "look again; or if you have seen that it is off: muster fence \(name) --confirm-off",
                subject: name)
        }
        show.value((try? Value(encoding: end)) ?? .null) {
            ["\(name) is fenced: \(end.data["evidence"]?.string ?? "off"), \(end.data["detail"]?.string ?? "")"]
        }
    }
}
