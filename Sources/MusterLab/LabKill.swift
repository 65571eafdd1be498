import Foundation
import MusterCore

extension Lab {
    /// The ways to lose a machine.
    public enum Harm: String, Codable, Sendable, CaseIterable {
        /// It stands still with its power on: no heartbeat, no answer.
        case freeze
        /// Its power is gone.
        case power
        /// A frozen one goes on as if nothing had happened.
        case thaw
    }

    /// Does harm to a machine.
    ///
    /// - Throws: `not_found` for a name that is none, `wrong_state` for a machine that is off.
    public func kill(_ name: String, _ harm: Harm = .freeze) throws(MusterError) {
        let record = try liveRecord()
        guard let machine = record.machines.first(where: { $0.name == name }) else {
            let names = record.machines.map(\.name).joined(separator: ", ")
            throw MusterError(.notFound, "the lab has no machine \(name)", hint: "it has \(names)", subject: name)
        }
        guard let process = process(of: machine, in: record) else {
            throw MusterError(.wrongState, "\(name) is off", hint: "`muster lab status` shows what is on", subject: name)
        }
        switch harm {
        case .freeze: process.kill(SIGSTOP)
        case .thaw: process.kill(SIGCONT)
        case .power:
            process.kill(SIGKILL)
            guard process.waitUntilGone(seconds: 30) else {
                throw MusterError(.timeout, "the process \(process.pid) of \(name) does not end", subject: name)
            }
        }
    }
}
