import Foundation
import MusterCore
import Testing

@testable import MusterProving

/// A folder of test files and their policies.
final class TestFolder {
    let path: String
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Two machines and a server.
    static let fleet = """
        settings { quiet_time = "2s" }
        for i = 1, 2 do
          host("node" .. i) {
            mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
            bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
          }
        end
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        image "shop" { path = "/srv/shop.raw" }
        server "shop" { image = "shop", memory = "4G", address = "10.77.0.100/24", ready = { http = "http://10.77.0.100/" } }
        """

    init(_ files: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tests-\(UUID().uuidString)").path
        for (name, text) in files.merging(["fleet.lua": Self.fleet], uniquingKeysWith: { given, _ in given }) { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    static var settings: TestSettings { TestSettings(library: root + "/stdlib") }

    /// Runs one of its files.
    func run(_ name: String, _ settings: TestSettings = settings) -> [TestResult] { LuaTestFile(path: path + "/" + name).run(settings) }

    /// Runs a text as a test file that has the folder's fleet.
    static func run(_ text: String, files: [String: String] = [:], _ settings: TestSettings = settings) throws -> [TestResult] {
        let folder = try TestFolder(files.merging(["a_test.lua": "fleet \"fleet.lua\" " + text]) { given, _ in given })
        return folder.run("a_test.lua", settings)
    }

    /// Runs the body of one test, and answers how it came out.
    static func runBody(_ body: String, _ settings: TestSettings = settings) throws -> TestResult {
        try #require(try run("it(\"does\", function() \(body) end)", settings).first)
    }
}

extension TestResult {
    var failure: TestFailure? { if case .failed(let failure) = outcome { failure } else { nil } }
    var isPassed: Bool { if case .passed = outcome { true } else { false } }
    var pendingReason: String? { if case .pending(let reason) = outcome { reason } else { nil } }
    var brokenBy: MusterError? { if case .broken(let error) = outcome { error } else { nil } }
}
