import MusterEngine
import MusterProving
import MusterScripting
import MusterSim

/// Where a bug is looked for.
enum Hunt: Hashable {
    /// Random faults on a fleet of hosts, with the shipped hooks beside a reckless one, or with one that is alone: seeds take turns.
    case hosts([Fault.Kind]?)
    /// Random faults on a fleet that needs its virtual machines, with the shipped hooks beside a reckless one.
    case guests([Fault.Kind]?)
    case scenario(String)

    init(_ mutation: Mutation) {
        self =
            switch mutation {
            // Cabling is seldom wrong just where a machine dies: this one gets more of both.
            case .identityUnchecked: .hosts([.miswired, .crash, .hang])
            case .guestOffByOtherEvidence: .guests([.bmc, .crash])
            // Its controller must be lost while a hypervisor is off, and a guest hang that was started there later: too much for chance.
            case .guestOffByOldReading: .scenario("an-old-reading-of-a-hypervisor-says-nothing-of-its-guest")
            // That a guest is heard where it was moved by hand, before it hangs, must not be left to chance: of one that is not heard there
            // nobody can know.
            case .outlivingForgotten: .scenario("a-guest-is-moved-by-hand-from-a-silent-hypervisor")
            case .guestAbsenceBelieved: .scenario("a-guest-is-moved-by-hand-and-hangs")
            default: .hosts(nil)
            }
    }
}

/// Hunts, one after the other, with whatever bug is switched on.
struct Hunts {
    private let root: String
    private let first: UInt64
    private let seeds: UInt64
    private let hosts: FleetDeclaration
    private let guests: FleetDeclaration

    struct Found {
        /// The seed or the scenario, in words.
        var place: String
        var violation: String
        /// How many seeds were played.
        var tried: UInt64
    }

    init(root: String, first: UInt64, seeds: UInt64) throws {
        (self.root, self.first, self.seeds) = (root, first, seeds)
        hosts = try Proving.fleet(root + "/Tests/Mutations/fleet.lua")
        guests = try Proving.fleet(root + "/Tests/Mutations/guests.lua")
    }

    /// The first seed, of so many, or the scenario that breaks a rule, with what broke.
    func search(_ hunt: Hunt, _ count: UInt64? = nil) throws -> Found? {
        switch hunt {
        case .hosts(let kinds): try search(count ?? seeds, hosts, kinds, [sources("hooks"), sources("lone")])
        case .guests(let kinds): try search(count ?? seeds, guests, kinds, [sources("hooks")])
        case .scenario(let name): try play(name)
        }
    }

    /// Where a hunt looks, in words that follow what it found.
    func extent(of hunt: Hunt, _ count: UInt64? = nil) -> String {
        switch hunt {
        case .hosts(let kinds): "in \(count ?? seeds) seeds from \(first)" + words(kinds)
        case .guests(let kinds): "in \(count ?? seeds) seeds from \(first) of guests" + words(kinds)
        case .scenario(let name): "in the scenario \(name)"
        }
    }

    private func words(_ kinds: [Fault.Kind]?) -> String { kinds.map { " (\($0.map(\.rawValue).joined(separator: ", ")))" } ?? "" }

    private func sources(_ name: String) -> SourceFolders {
        SourceFolders(hooks: root + "/Tests/Mutations/" + name, library: root + "/stdlib")
    }

    private func search(_ count: UInt64, _ fleet: FleetDeclaration, _ kinds: [Fault.Kind]?, _ sources: [SourceFolders]) throws -> Found? {
        for seed in first..<(first + count) {
            let trial = Trial(fleet: fleet, seed: seed, length: 30 * 60_000, kinds: kinds, count: 20)
            let outcome = try trial.play(makeHost: Proving.hostMaker(sources[Int(seed % UInt64(sources.count))]))
            if let violation = outcome.violations.first {
                return Found(place: "with seed \(seed)", violation: violation, tried: seed - first + 1)
            }
        }
        return nil
    }

    private func play(_ name: String) throws -> Found? {
        let shipped = SourceFolders(hooks: root + "/hooks", library: root + "/stdlib")
        let simulation = try Scenario(folder: root + "/Tests/Scenarios/" + name, sources: shipped).play()
        return simulation.story.violations.first.map { Found(place: "in the scenario \(name)", violation: $0, tried: 1) }
    }
}
