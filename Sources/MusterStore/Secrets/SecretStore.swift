import CSodium
import Foundation
import GRDB
import MusterCore
import MusterEngine

/// Secrets, encrypted at rest with XSalsa20-Poly1305 (libsodium's secretbox). The key is a file of mode 0600 beside the store, which
/// backups leave out; the systemd credential `muster-key` takes its place where there is one.
public final class SecretStore: SecretSource {
    private let pool: DatabasePool
    private let path: String
    private let key: [UInt8]

    /// Opens the secrets of a state directory, also while an engine runs on it.
    public init(stateDirectory: String) throws {
        path = stateDirectory + "/muster.sqlite"
        guard sodium_init() >= 0 else { throw MusterError(.storeFailed, "libsodium cannot start") }
        let path = path
        pool = try StoreFailure.translating(path) {
            try FileManager.default.createDirectory(
                atPath: stateDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let pool = try SQLiteStore.open(path)
            try Schema.migrate(pool)
            return pool
        }
        key = try SecretKey.load(stateDirectory: stateDirectory)
    }

    public func set(_ name: String, _ secret: Secret) throws {
        let overhead = Int(crypto_secretbox_noncebytes()) + Int(crypto_secretbox_macbytes())
        var box = [UInt8](repeating: 0, count: overhead + secret.bytes.count)
        let nonceLength = Int(crypto_secretbox_noncebytes())
        randombytes_buf(&box, nonceLength)
        let nonce = Array(box[..<nonceLength])
        let sealed = box.withUnsafeMutableBufferPointer { buffer in
            crypto_secretbox_easy(buffer.baseAddress! + nonceLength, secret.bytes, UInt64(secret.bytes.count), nonce, key)
        }
        guard sealed == 0 else { throw MusterError(.storeFailed, "cannot encrypt the secret \"\(name)\"") }
        let data = Data(box)
        try StoreFailure.translating(path) {
            try pool.write { try $0.execute(sql: "INSERT OR REPLACE INTO secrets VALUES (?, ?)", arguments: [name, data]) }
        }
    }

    public func remove(_ name: String) throws {
        let removed = try StoreFailure.translating(path) {
            try pool.write { database in
                try database.execute(sql: "DELETE FROM secrets WHERE name = ?", arguments: [name])
                return database.changesCount > 0
            }
        }
        if !removed { throw absent(name) }
    }

    /// The names, never the values.
    public func names() throws -> [String] {
        try StoreFailure.translating(path) {
            try pool.read { try String.fetchAll($0, sql: "SELECT name FROM secrets ORDER BY name") }
        }
    }

    public func secret(_ name: String) async throws -> Secret {
        let data = try await readBox(name)
        let nonceLength = Int(crypto_secretbox_noncebytes())
        let box = [UInt8](data)
        guard box.count >= nonceLength + Int(crypto_secretbox_macbytes()) else { throw unreadable(name) }
        var plain = [UInt8](repeating: 0, count: box.count - nonceLength - Int(crypto_secretbox_macbytes()))
        let sealed = Array(box[nonceLength...])
        guard crypto_secretbox_open_easy(&plain, sealed, UInt64(sealed.count), Array(box[..<nonceLength]), key) == 0 else {
            throw unreadable(name)
        }
        return Secret(bytes: plain)
    }

    private func readBox(_ name: String) async throws -> Data {
        do {
            let data = try await pool.read {
                try Data.fetchOne($0, sql: "SELECT box FROM secrets WHERE name = ?", arguments: [name])
            }
            guard let data else { throw absent(name) }
            return data
        } catch {
            throw StoreFailure.translate(error, path)
        }
    }

    private func absent(_ name: String) -> MusterError {
        MusterError(.noSecret, "there is no secret \"\(name)\"", hint: "muster secret set \(name)", subject: name)
    }

    private func unreadable(_ name: String) -> MusterError {
        MusterError(
            .noSecret, "the secret \"\(name)\" cannot be decrypted with this key",
            hint: "restore the key file, or set it again: muster secret set \(name)", subject: name)
    }
}
