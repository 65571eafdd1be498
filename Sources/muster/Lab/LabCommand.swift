import ArgumentParser
import MusterCore
import MusterLab

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Machines to try Muster with: real boot firmware and BMCs, in a network of their own.",
        subcommands: [DemoCommand.self, Up.self, Status.self, Kill.self, Enter.self, Down.self])

    struct Up: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the machines, all switched off.",
            discussion: "Ctrl-C leaves nothing behind. The engine for them runs inside the lab: see what this prints at its end.")
        @OptionGroup var place: LabPlace
        @Option(help: "How many machines, 1 to 40.") var machines = 3
        @Option(help: ArgumentHelp("The memory of each.", valueName: "MiB")) var memory = 256
        @Option(help: "The processors of each.") var cpus = 1
        @Flag(help: "Each has a hardware watchdog, for the fence rung \"lease\"; downloads a bigger kernel.") var watchdogs = false
        @Option(help: "kvm or tcg; by default KVM where a probe guest really boots.") var acceleration: Acceleration?

        func validate() throws {
            guard (1...40).contains(machines), (64...65_536).contains(memory), (1...64).contains(cpus) else {
                throw ValidationError("a lab has 1 to 40 machines, of 64 to 65536 MiB and 1 to 64 processors")
            }
        }

        func run() throws {
            var options = Lab.Options()
            (options.machines, options.memoryMiB, options.cpus, options.acceleration) = (machines, memory, cpus, acceleration)
            options.watchdogs = watchdogs
            let lab = place.lab
            let status = try lab.up(options) { if !place.show.json { Screen.error.line("… \($0)") } }
            try place.show(status) { LabView.lines(status, Screen.out) + [""] + LabView.next(lab) }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the machines by the truth of their processes.")
        @OptionGroup var place: LabPlace

        func run() throws {
            let status = place.lab.status()
            try place.show(status) { LabView.lines(status, Screen.out) }
        }
    }

    struct Kill: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does harm to a machine.",
            discussion: """
                freeze: it stands still with its power on. power: its power is gone. thaw: a frozen one goes on as if nothing \
                had happened.
                """)
        @OptionGroup var place: LabPlace
        @Argument(help: "The machine.") var name: String
        @Option(help: "freeze, power or thaw.") var how = Lab.Harm.freeze

        func run() throws {
            try place.lab.kill(name, how)
            place.show.value(["name": .string(name), "how": .string(how.rawValue)]) {
                switch how {
                case .freeze: ["\(name) stands still, its power still on"]
                case .power: ["\(name) has lost its power"]
                case .thaw: ["\(name) goes on as if nothing had happened"]
                }
            }
        }
    }

    struct Enter: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a command on the lab's network.",
            discussion: "For example: muster lab enter curl http://10.77.0.100/")
        @Option(help: "The lab's folder.") var folder: String?
        @Argument(parsing: .captureForPassthrough, help: "The command and its arguments; a shell when there is none.")
        var command: [String] = []

        func run() throws {
            let words = command.first == "--" ? Array(command.dropFirst()) : command
            try Replacing.process(with: try Lab(folder: folder).enter(words.isEmpty ? ["/bin/sh"] : words))
        }
    }

    struct Down: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends everything in the lab and removes its folder.")
        @OptionGroup var place: LabPlace

        func run() throws {
            try place.lab.down()
            place.show.value(["up": false]) { ["the lab is down"] }
        }
    }
}

extension Acceleration: ExpressibleByArgument {}

/// The lab that is meant.
struct LabPlace: ParsableArguments {
    @Option(help: "The lab's folder.") var folder: String?
    @OptionGroup var show: ShowOptions

    var lab: Lab { Lab(folder: folder) }

    fileprivate func show(_ status: LabStatus, people: () -> [String]) throws {
        show.value(try Value(encoding: status), people: people)
    }
}
