import Foundation
import MusterCore
import Testing

@testable import MusterLab

/// What the lab's tests share.
enum LabFixture {
    /// The source tree, which has `guest` and `lab`.
    static let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Call it before anything that looks for the shared files.
    static let shared = setenv("MUSTER_SHARE", sources, 1) == 0

    /// A folder that goes with the test.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        #expect(shared)
        let folder = NSTemporaryDirectory() + "/muster-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    /// A lab that is up during the body and gone after it.
    static func withLab<Result>(machines: Int = 1, _ body: (Lab) throws -> Result) throws -> Result {
        try withFolder { folder in
            let lab = Lab(folder: "\(folder)/lab")
            var options = Lab.Options()
            options.machines = machines
            options.acceleration = .tcg
            try lab.up(options)
            do {
                let result = try body(lab)
                try lab.down()
                return result
            } catch {
                try lab.down()
                throw error
            }
        }
    }

    /// Asks again and again until it is true; records a failure when it never is.
    static func eventually(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try condition() { return }
            usleep(50_000)
        }
        Issue.record("never seen: \(what)")
        throw MusterError(.timeout, "never seen: \(what)")
    }

    /// The processes outside whose command line names the folder.
    static func processes(naming folder: String) -> [String] {
        let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        return numbers.compactMap { number in
            guard let line = try? String(contentsOfFile: "/proc/\(number)/cmdline", encoding: .utf8), line.contains(folder) else {
                return nil
            }
            return line.replacingOccurrences(of: "\0", with: " ")
        }
    }

    /// Speaks to a BMC as an administrator would.
    static func ipmi(_ lab: Lab, _ words: [String], machine: Int = 1, password: String? = nil) throws -> CommandResult {
        var secret = ["-f", lab.passwordFile]
        if let password { secret = ["-P", password] }
        let command = ["ipmitool", "-I", "lanplus", "-C", "3", "-H", "127.0.1.\(machine)", "-U", "admin"] + secret + words
        return try lab.run(command, deadline: 60)
    }
}
