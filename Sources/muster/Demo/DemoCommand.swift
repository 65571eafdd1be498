import ArgumentParser
import Foundation
import MusterCore
import MusterLab

/// `muster lab demo`: a machine dies, and its server comes back on another one, with real parts.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Watch a dead machine's server come back on another machine.",
        discussion: """
            Brings the lab up, starts the engine in it, starts the server shop, writes to it, freezes its machine, and shows what \
            happens until shop answers again with what was written. Takes the lab down afterwards, unless --keep is given.
            """)

    @Flag(help: "Leave the lab and the engine running.") var keep = false
    @Option(help: "The lab's folder.") var folder: String?
    @Option(help: "How the machine is lost: freeze or power.") var how: Lab.Harm = .freeze

    func run() async throws {
        let lab = Lab(folder: folder)
        let interrupted = Task {
            try? await Signals.wait()
            if !Task.isCancelled {
                print("\ninterrupted: taking the lab down")
                try? lab.down()
                Foundation.exit(130)
            }
        }
        defer { interrupted.cancel() }
        let demo = Demonstration(lab: lab, harm: how)
        do {
            try await demo.run()
            if keep {
                print("\nThe lab is up, the engine answers on \(demo.socket). `muster lab down` ends both.")
            } else {
                try lab.down()
            }
        } catch {
            let reason = (error as? MusterError).map { "\($0)" } ?? "\(error)"
            print("\nfailed: \(reason)")
            for line in demo.whatToLookAt() { print("  \(line)") }
            if !keep { try? lab.down() }
            throw ExitCode.failure
        }
    }
}

extension Lab.Harm: ExpressibleByArgument {}
