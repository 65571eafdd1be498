import Foundation
import MusterConsole
import MusterCore
import MusterLab
import MusterStore

/// The story of one failover in the lab.
final class Demonstration: Sendable {
    let lab: Lab
    let harm: Lab.Harm
    private static let server = "shop"
    private static let address = "10.77.0.100"

    init(lab: Lab, harm: Lab.Harm) {
        self.lab = lab
        self.harm = harm
    }

    var socket: String { lab.folder + "/muster.sock" }
    private var state: String { lab.folder + "/state" }
    private var log: String { lab.folder + "/engine.log" }
    private var client: ConsoleClient { ConsoleClient(socket) }
    private var shop: ShopClient { ShopClient(lab: lab, address: Self.address) }

    func run() async throws {
        let status = try lab.up(progress: { say("  … \($0)") })
        say(
            "Three machines without disks, each with a BMC, on a network of their own (\(status.acceleration == .kvm ? "KVM" : "TCG: emulated processors"))."
        )
        try await startEngine()
        let first = try await startShop()
        let orders = try await writeOrders()
        try await crash(first, expecting: orders)
    }

    // MARK: Before the crash

    private func startEngine() async throws {
        let secrets = try SecretStore(stateDirectory: state)
        let password = try String(contentsOfFile: lab.passwordFile, encoding: .utf8)
        for machine in try lab.machines() { try secrets.set("bmc/\(machine.name)", Secret(bytes: Array(password.utf8))) }
        try LabEngine(lab: lab, state: state, socket: socket, log: log).start()
        let client = client
        try await patiently(20, "the engine to answer") { _ = try await client.request("status", [:], timeout: .seconds(2)) }
        say("The engine runs: DHCP, TFTP and HTTP on lab0, hooks failover.lua and servers.lua.")
    }

    private func startShop() async throws -> String {
        say("")
        say("Starting shop on any machine that fits.")
        let timeline = Timeline()
        _ = try await client.request("server.start", ["name": .string(Self.server)])
        let machine = try await timeline.follow(client, after: EventID(0), deadline: 180)
        let shop = shop
        try await patiently(20, "shop to answer") { try shop.ask() }
        say("shop answers on http://\(Self.address)/ from \(machine).")
        return machine
    }

    private func writeOrders() async throws -> [String] {
        let orders = ["one teapot", "two cups", "three spoons"]
        for order in orders { try shop.post(order) }
        guard try shop.orders() == orders else { throw failure("shop lost orders before the crash") }
        say("The client ordered: \(orders.joined(separator: ", ")).")
        return orders
    }

    // MARK: The crash

    private func crash(_ machine: String, expecting orders: [String]) async throws {
        let status = try await client.request("status")
        let before = EventID(status["last_event"].int ?? 0)
        say("")
        say(harm == .freeze ? "Now \(machine) freezes: no heartbeat, no answer, its power still on." : "Now \(machine) loses its power.")
        let timeline = Timeline(from: .now)
        try lab.kill(machine, harm)
        timeline.show("crash", "\(machine) \(harm == .freeze ? "stands still" : "is dark")")
        let second = try await timeline.follow(client, after: before, deadline: 180)
        guard second != machine else { throw failure("shop came back on \(machine) itself") }
        let shop = shop
        try await patiently(30, "shop to answer again") { try shop.ask() }
        let found = try shop.orders()
        let seconds = timeline.seconds
        guard found == orders else { throw failure("shop answers with \(found), and had \(orders)") }
        timeline.show("answering", "http://\(Self.address)/ with all \(orders.count) orders")
        say("")
        say("recovered \(Self.server) on \(second) in \(String(format: "%.1f", seconds)) s")
    }

    // MARK: Words

    private func patiently(_ seconds: Double, _ what: String, _ attempt: () async throws -> Void) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            do {
                return try await attempt()
            } catch {
                guard ContinuousClock.now < end else {
                    throw failure("waited \(Int(seconds)) s for \(what): \((error as? MusterError)?.message ?? "\(error)")")
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func failure(_ message: String) -> MusterError { MusterError("demo_failed", message) }

    /// The ends of the logs that tell what went wrong.
    func whatToLookAt() -> [String] {
        func end(_ path: String) -> [String] {
            guard let data = FileManager.default.contents(atPath: path) else { return [] }
            return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(12).map { "    \($0)" }
        }
        return ["the engine's log:"] + end(log)
            + lab.status().machines.flatMap { ["the console of \($0.name) (\($0.power.rawValue)):"] + end($0.console) }
    }
}

/// A line for the person who watches; at once, also into a pipe.
func say(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
}
