import ArgumentParser
import MusterCore

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Shows machines and servers at a glance.")

    @OptionGroup var engine: EngineOptions

    func run() async throws {
        let status = try await engine.client.request("status")
        engine.show.value(status) { StatusView.lines(status, Screen.out) }
    }
}

/// The engine at a glance.
enum StatusView {
    static func lines(_ status: Value, _ screen: Screen) -> [String] {
        let resources = status["resources"].array ?? []
        let servers = status["servers"].array ?? []
        var lines = [headline(status, resources, servers, screen.style)] + warnings(status, screen.style)
        if !resources.isEmpty { lines += [""] + screen.table(ListViews.resources(resources)) }
        if !servers.isEmpty { lines += [""] + screen.table(ListViews.servers(servers)) }
        lines += energy(status["energy"]).map { ["", $0] } ?? []
        if resources.isEmpty, servers.isEmpty {
            lines += ["", "no machines yet: declare a fleet and run: muster apply fleet.lua"]
        }
        return lines
    }

    private static func headline(_ status: Value, _ resources: [Value], _ servers: [Value], _ style: Style) -> String {
        let armed = status["armed"].bool == true
        let on = resources.filter { $0["power"] == "on" }.count
        let running = servers.filter { $0["state"] == "running" }.count
        return [
            style(armed ? "armed" : "disarmed", .state(armed ? "armed" : "disarmed")),
            "\(counted(resources.count, "machine")), \(on) on",
            "\(counted(servers.count, "server")), \(running) running",
            "\(counted(Int(status["runs"].int ?? 0), "run")) alive",
            counted(status["hooks"].array?.count ?? 0, "hook"),
        ].joined(separator: " · ")
    }

    /// Why the engine does less than one might expect of it.
    private static func warnings(_ status: Value, _ style: Style) -> [String] {
        var lines: [String] = []
        if let backup = status["restored"]["backup"].int {
            let unproven = (status["resources"].array ?? []).filter { $0["unproven"] == true }.compactMap { $0["name"].string }
            lines.append(style("restored from a backup of \(Times.clock(backup)): what it says may be wrong by now", .bad))
            if !unproven.isEmpty { lines.append(style("not accounted for: \(TextWidth.clean(unproven.joined(separator: ", ")))", .bad)) }
        }
        let unready = (status["resources"].array ?? []).filter { $0["fence_ready"] == false }.compactMap { $0["name"].string }
        if !unready.isEmpty {
            lines.append(
                style("nothing can fence \(TextWidth.clean(unready.joined(separator: ", "))): muster fence --check says why", .bad))
        }
        if status["armed"].bool == false {
            let end = status["disarmed_until"].int.map { "no failover happens until \(Times.clock($0)), or muster arm" }
            lines.append(style(end ?? "no failover happens until: muster arm", .bad))
        }
        if status["quiet"].bool == true {
            lines.append(style("quiet time after the start: nothing is declared failed yet", .busy))
        }
        if status["network_up"].bool == false {
            lines.append(style("the machines' network is down: silence does not count", .bad))
        }
        if status["store_short"].bool == true {
            lines.append(style("the disk is full: running failovers go on from the reserve, nothing new is accepted", .bad))
        }
        if let problem = status["boot_problem"].string {
            lines.append(style("the boot service does not run: \(TextWidth.clean(problem))", .bad))
        }
        if status["hooks"].array?.isEmpty == true { lines.append(style("no hook is loaded: nothing reacts to events", .busy)) }
        return lines
    }

    /// What machines that sleep save, as far as their watts are known, and what those draw that are measured.
    static func energy(_ value: Value) -> String? {
        let parts = [sleeping(value), drawn(value)].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private static func sleeping(_ value: Value) -> String? {
        guard let machines = value["machines"].int, machines > 0, let asleep = value["asleep"].int, let saved = value["kwh_saved"].double
        else { return nil }
        let now = "\(asleep) of \(counted(Int(machines), "machine")) \(asleep == 1 ? "sleeps" : "sleep")"
        guard let since = value["since"].int else { return now }
        return now + ": about \(value["watts_saved"].int ?? 0) W less than all on; \(kilowattHours(saved)) saved since \(Times.day(since))"
    }

    private static func drawn(_ value: Value) -> String? {
        guard let watts = value["watts_now"].int, let measured = value["measured"].int else { return nil }
        return "\(counted(Int(measured), "machine")) measured: \(watts) W now"
    }

    private static func kilowattHours(_ number: Double) -> String {
        let tenths = Int64((number * 10).rounded())
        return number < 0.1 ? "\(Int64((number * 1000).rounded())) Wh" : "\(tenths / 10).\(tenths % 10) kWh"
    }

    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
