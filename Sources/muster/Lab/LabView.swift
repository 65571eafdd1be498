import MusterCore
import MusterLab

/// The lab as people see it.
enum LabView {
    static func lines(_ status: LabStatus, _ screen: Screen) -> [String] {
        guard status.up else { return ["the lab is down: muster lab up"] }
        let processors = status.acceleration == .kvm ? "KVM" : "emulated processors (TCG)"
        var table = Table("MACHINE", "POWER", "ADDRESS", "BMC", "MAC", ">PROCESS", "CONSOLE")
        for machine in status.machines {
            table.add(
                Table.Cell(machine.name, .bold),
                machine.frozen ? Table.Cell("frozen", .busy) : .state(machine.power.rawValue),
                Table.Cell(machine.address.description), Table.Cell(machine.bmc), Table.Cell(machine.mac.description),
                Table.Cell(machine.pid.map { String($0) } ?? ""), Table.Cell(machine.console, .faint))
        }
        return ["\(screen.style("the lab is up", .good)) in \(status.folder), \(processors)", ""] + screen.table(table)
    }

    /// What one does with a lab that has just come up.
    static func next(_ lab: Lab) -> [String] {
        let (state, socket) = ("\(lab.folder)/state", "\(lab.folder)/muster.sock")
        let place = lab.folder == Lab().folder ? "" : " --folder \(lab.folder)"
        return [
            "next, an engine in it:",
            "  for node in \((try? lab.machines().map(\.name).joined(separator: " ")) ?? "…"); do",
            "    muster secret set bmc/$node --state \(state) < \(lab.passwordFile); done",
            "  muster lab enter\(place) muster serve --fleet \(lab.fleetFile) --state \(state) --socket \(socket)",
            "and from another terminal: muster status --socket \(socket)",
        ]
    }
}
