import Foundation
import MusterCore

/// How a lab is.
public struct LabStatus: Codable, Sendable, Hashable {
    /// One machine, by the truth of its process.
    public struct Machine: Codable, Sendable, Hashable {
        public var name: String
        public var power: Power
        /// True while it is stopped in its tracks with its power on.
        public var frozen: Bool
        /// The QEMU process, by its number outside the lab.
        public var pid: Int32?
        public var mac: MACAddress
        public var address: IPv4Address
        public var uuid: String
        /// `address:port` inside the lab.
        public var bmc: String
        /// The file with what it printed since it was last switched on.
        public var console: String
    }

    public var up: Bool
    public var folder: String
    public var acceleration: Acceleration?
    public var machines: [Machine]
}

extension Lab {
    /// How the lab and its machines are; a lab that is down has no machines.
    public func status() -> LabStatus {
        guard let record = LabRecord.read(in: folder), record.sandbox.isAlive else {
            return LabStatus(up: false, folder: folder, acceleration: nil, machines: [])
        }
        let machines = record.machines.map { machine in
            let process = process(of: machine, in: record)
            return LabStatus.Machine(
                name: machine.name, power: process == nil ? .off : .on, frozen: process?.isStopped ?? false, pid: process?.pid,
                mac: machine.mac, address: machine.address, uuid: machine.uuid,
                bmc: "\(machine.bmcAddress):\(ManagementController.port)", console: "\(machineFolder(machine.name))/console.log")
        }
        return LabStatus(up: true, folder: folder, acceleration: record.acceleration, machines: machines)
    }

    /// The QEMU of a machine; nil when it is off.
    func process(of machine: LabMachine, in record: LabRecord) -> ProcessIdentity? {
        let path = "\(machineFolder(machine.name))/process"
        let words = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let pid = Int32(words[0]) else { return nil }
        return record.sandbox.process(inside: pid, started: String(words[1]))
    }
}
