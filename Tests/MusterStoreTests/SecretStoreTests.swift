import Foundation
import MusterCore
import MusterStore
import Testing

@Suite struct SecretStoreTests {
    let folder: Folder
    init() throws { folder = try Folder() }

    @Test func aSecretComesBackAndIsNowhereInTheFiles() async throws {
        let store = try SecretStore(stateDirectory: folder.path)
        let password = Secret(bytes: Array("correct horse battery staple".utf8))
        try store.set("bmc/node1", password)
        #expect(try await SecretStore(stateDirectory: folder.path).secret("bmc/node1") == password)
        #expect(try store.names() == ["bmc/node1"])
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let data = try #require(FileManager.default.contents(atPath: folder.path + "/" + file))
            #expect(data.range(of: Data(password.bytes)) == nil, "\(file) holds the plain password")
        }
    }

    @Test func theKeyIsForItsOwnerOnly() throws {
        _ = try SecretStore(stateDirectory: folder.path)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/secret.key")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func anotherKeyReadsNothing() async throws {
        try SecretStore(stateDirectory: folder.path).set("a", Secret(bytes: [1, 2, 3]))
        try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: folder.path + "/secret.key"))
        let store = try SecretStore(stateDirectory: folder.path)
        await #expect { try await store.secret("a") } throws: { ($0 as? MusterError)?.code == .noSecret }
    }

    @Test func anAbsentSecretSaysHowToSetIt() async throws {
        let store = try SecretStore(stateDirectory: folder.path)
        await #expect { try await store.secret("bmc/node9") } throws: {
            ($0 as? MusterError)?.hint == "muster secret set bmc/node9"
        }
        #expect(throws: MusterError.self) { try store.remove("bmc/node9") }
    }

    @Test func twoProcessesThatBothFindNoKeyAgreeOnOne() async throws {
        let path = folder.path
        let stores = try await withThrowingTaskGroup(of: SecretStore.self) { group in
            for _ in 0..<8 { group.addTask { try SecretStore(stateDirectory: path) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try stores[0].set("a", Secret(bytes: [9]))
        for store in stores { #expect(try await store.secret("a").bytes == [9]) }
    }

    @Test func aSecretPrintsAsDots() {
        let secret = Secret(bytes: Array("hunter2".utf8))
        #expect("\(secret)" == "•••")
        #expect(String(reflecting: secret) == "•••")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("104"))
    }
}
