import ConsoleFixture
import Foundation
import MusterCore
import MusterEngine
import MusterStore
import Testing

/// `muster backup` and `muster restore`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BackupTests {
    private func backup(in folder: String) async throws -> String {
        let store = try SQLiteStore(path: folder + "/muster.sqlite", reserve: 0)
        var batch = Batch()
        var general = General()
        general.lastEpoch = Epoch(7)
        batch.changes = [.general(general)]
        try await store.commit(batch)
        let file = folder + "-backup"
        _ = try await store.backup(to: file, replacing: false)
        return file
    }

    @Test func aBackupIsRestoredAndWhatWasThereIsKept() async throws {
        try await withFolder { folder in
            let old = folder + "/old"
            try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
            let file = try await backup(in: old)
            let place = ["--state", folder + "/state"]
            let first = try await Program.muster.run(["restore", file] + place)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("muster arm") && first.output.contains("secret.key"))
            let general = try await SQLiteStore(path: folder + "/state/muster.sqlite", reserve: 0).load().general
            #expect(!general.armed && general.lastEpoch >= Epoch(1_000_007))
            let refused = try await Program.muster.run(["restore", file] + place)
            #expect(refused.status == 1 && refused.errors.contains("[state_exists]") && refused.errors.contains("--force"))
            let again = try await Program.muster.run(["restore", file, "--force", "--json"] + place)
            #expect(again.status == 0, "\(again.errors)")
            let kept = try #require(try Value(json: again.output)["kept"].string)
            #expect(FileManager.default.fileExists(atPath: kept))
            let absent = try await Program.muster.run(["restore", folder + "/absent", "--force"] + place)
            #expect(absent.status == 5)
        }
    }

    @Test func anEngineWithoutAFileSaysSo() async throws {
        try await TestConsole.with { console in
            let outcome = try await console.run("backup", console.folder + "/b")
            #expect(outcome.status == 4 && outcome.errors.contains("[wrong_state]"))
        }
    }
}
