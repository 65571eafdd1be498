import MusterConsole
import MusterCore

/// `muster fence --check`: tries the rungs of machines' fence ladders without harm, and shows what came of it.
struct FenceChecks {
    let client: ConsoleClient
    let show: ShowOptions

    /// Errors: `fence_unready` when a machine has no rung that works.
    func run(_ names: [String], within time: Duration) async throws {
        let arguments: Value = ["names": .array(names.map { .string($0) })]
        let checking = try await client.request("fence.check", arguments).array ?? []
        let found = try await wait(.object(["names": .array(checking)]), of: checking.count, within: time)
        show.value(.array(found)) { Self.lines(found, Screen.out) }
        let unready = found.filter { $0["ready"].bool != true }.compactMap { $0["name"].string }
        guard unready.isEmpty else {
            throw MusterError(
                "fence_unready", "nothing can fence \(unready.joined(separator: ", "))",
                hint: "mend a rung, or declare another: fence = { \"bmc\", \"storage\" } in fleet.lua")
        }
    }

    private func wait(_ arguments: Value, of count: Int, within time: Duration) async throws -> [Value] {
        if count == 0 { return [] }
        let clock = ContinuousClock()
        let begin = clock.now
        var told = begin.advanced(by: .seconds(2))
        while true {
            let found = try await client.request("fence.checks", arguments).array ?? []
            let left = found.count { $0["checking"].bool == true }
            if left == 0 { return found }
            guard clock.now < begin.advanced(by: time) else {
                throw MusterError(.timeout, "\(left) of \(count) machines have not been checked in time", hint: "look again: muster status")
            }
            if !show.json, clock.now >= told {
                Screen.error.line("\(count - left) of \(count) machines checked …")
                told = clock.now.advanced(by: .seconds(2))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    static func lines(_ found: [Value], _ screen: Screen) -> [String] {
        if found.isEmpty { return ["no machines yet: declare a fleet and run: muster apply fleet.lua"] }
        var table = Table("MACHINE", "RUNG", "STATE", "WHAT WAS SEEN")
        for machine in found {
            for (index, rung) in (machine["rungs"].array ?? []).enumerated() {
                let state = rung["state"].string ?? ""
                table.add(
                    Table.Cell(index == 0 ? machine["name"].string ?? "" : "", .bold), Table.Cell(rung["rung"].string ?? ""),
                    Table.Cell(state, state == "works" ? .good : state == "fails" ? .bad : .faint), Table.Cell(rung["detail"].string ?? ""),
                    notes: rung["hint"].string.map { [Table.Cell("hint: \($0)", .name)] } ?? [])
            }
        }
        return screen.table(table)
    }
}
