import Foundation
import Testing

@testable import MusterLab

@Suite struct SandboxTests {
    private func prepare(_ folder: String) throws {
        try Files.makeFolder(folder)
        let lab = try SharedFiles.folder("lab")
        for script in ["keeper.sh", "holder.sh"] { try Files.copy("\(lab)/\(script)", "\(folder)/\(script)") }
    }

    /// The maker's death closes its end of the socket, whatever it died of; so does this.
    @Test func aSandboxThatWasNotKeptEndsWithItsMaker() throws {
        try LabFixture.withFolder { folder in
            let home = "\(folder)/home"
            try prepare(home)
            var maker: SandboxMaker? = try SandboxMaker(folder: home)
            let sandbox = try #require(maker?.sandbox)
            try Command.run(sandbox.prefix + ["sh", "-c", "setsid sleep 4321 </dev/null >\(home)/noise 2>&1 &"])
            #expect(sandbox.isAlive)
            maker = nil
            #expect(sandbox.holder.waitUntilGone(seconds: 30))
            #expect(sandbox.keeper.waitUntilGone(seconds: 30))
            #expect(!Files.exists(home))
            #expect(LabFixture.processes(naming: home).isEmpty)
        }
    }

    @Test func aKeptSandboxLivesOnAndReapsItsOrphans() throws {
        try LabFixture.withFolder { folder in
            let home = "\(folder)/home"
            try prepare(home)
            var maker: SandboxMaker? = try SandboxMaker(folder: home)
            let sandbox = try #require(maker?.sandbox)
            try maker?.keep()
            maker = nil
            #expect(sandbox.isAlive)
            let network = try Command.run(sandbox.prefix + ["ip", "-o", "address", "show", "lab0"])
            let addresses = String(decoding: network, as: UTF8.self)
            #expect(addresses.contains("10.77.0.1/24"))
            #expect(addresses.contains("inet6 fe80::"))

            // An orphan that ends: nothing of it stays, not even a zombie.
            try Command.run(sandbox.prefix + ["sh", "-c", "sleep 0.1 </dev/null >/dev/null 2>&1 & echo $! >\(home)/orphan"])
            let orphan = String(decoding: try Files.read("\(home)/orphan"), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try LabFixture.eventually("the orphan's process entry is gone") {
                try Command.result(of: sandbox.prefix + ["test", "-e", "/proc/\(orphan)"]).status == 1
            }
            try sandbox.end()
            #expect(!Files.exists(home))
        }
    }
}
