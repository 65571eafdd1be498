import Foundation
import MusterCore
import MusterProving
import MusterScripting
import MusterSim

// failovers ROOT [HOSTS]: how long the engine takes when 1, 100 and 1,000 hosts die at once: processor time from the first failure to the last
// recovery step given, which is the order that powers on the last machine. Hosts that hang are proven off by their controllers; where the
// mains fail these are dead too, and exports are cut and silences waited for. The real engine and the shipped hooks work, on half as many
// servers as there are hosts (10,000), without a limit on failovers at once. What the simulated machines and the checks of every safety rule
// cost is in it, so the engine alone takes less.

let root = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "."
let hosts = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 10_000 : 10_000

func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Processor time of this process.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

var fleet = try Proving.fleet(hosts: hosts)
fleet.settings.failoverLimit = 100_000
fleet.settings.runLimit = 10_000
// A thousand runs of one policy at once.
fleet.settings.policy = PolicySettings()
fleet.settings.policy?.limits.memory = 1 << 30
fleet.settings.policy?.most.memory = 1 << 30
let simulation = Simulation(fleet: fleet, makeHost: Proving.hostMaker(SourceFolders(hooks: root + "/hooks", library: root + "/stdlib")))
var (failed, recovering, running) = (0, 0, 0)
simulation.story.observe = { entry in
    switch entry.event?.name {
    case "resource.failed": failed += 1
    case "resource.power_on": recovering += 1
    case "server.running": running += 1
    default: break
    }
}
try simulation.start()
for (index, server) in fleet.servers.enumerated() {
    simulation.agenda.after(5_000 + Int64(index) * 20) { try? simulation.perform(.serverTarget(server.object.id.rawValue, .running)) }
}
simulation.run(3_600_000) { running >= fleet.servers.count }
say("\(hosts) hosts run \(running) servers")

let deaths: [(words: String, command: (String) -> Command)] = [
    ("hang", { .crash($0) }), ("lose their mains", { .mains($0, .off) }),
]
for death in deaths {
    for count in [1, 100, 1_000] where count <= fleet.servers.count / 4 {
        // The homes of the first servers that still have one.
        let homes = (simulation.engine.engine.serverValues.array ?? []).compactMap { $0["resource"].string }.prefix(count)
        (failed, recovering, running) = (0, 0, 0)
        for home in homes { try simulation.perform(death.command(home)) }
        let silent = processorSeconds()
        simulation.run(120_000) { failed > 0 }
        let began = processorSeconds()
        let isDone = simulation.run(600_000) { recovering >= count }
        let took = processorSeconds() - began
        say(
            String(
                format:
                    "%5d hosts %@ at once: %7.3f s from the first failure to the last recovery step, %5.2f ms a host (%d failed%@; %.3f s of silence before)",
                count, death.words, took, took / Double(count) * 1_000, failed, isDone ? "" : ", NOT DONE", began - silent))
        simulation.run(1_200_000) { running >= count }
        if running < count { say("        only \(running) servers run again") }
    }
}
if let violation = simulation.story.violations.first { say("        a rule was broken: \(violation)") }
