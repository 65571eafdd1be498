import Foundation
import MusterCore

/// What the lab's folder remembers of a lab (`lab.json`).
struct LabRecord: Codable, Sendable, Hashable {
    var sandbox: Sandbox
    var acceleration: Acceleration?
    var machines: [LabMachine]

    static func read(in folder: String) -> LabRecord? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/lab.json")) else { return nil }
        return try? JSONDecoder().decode(LabRecord.self, from: data)
    }

    func write(in folder: String) throws(MusterError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(self) else { throw MusterError("file_failed", "lab.json cannot be encoded") }
        try Files.write(data, "\(folder)/lab.json.new")
        rename("\(folder)/lab.json.new", "\(folder)/lab.json")
    }
}
