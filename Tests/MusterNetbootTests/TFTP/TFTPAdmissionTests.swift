import Foundation
import Testing

@testable import MusterNetboot

@Suite("TFTP admission") struct TFTPAdmissionTests {
    private func withFiles(_ body: (BootFiles) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-files-\(UUID())")
        try FileManager.default.createDirectory(at: folder.appending(path: "sub"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("boot".utf8).write(to: folder.appending(path: "loader.efi"))
        try Data("hidden".utf8).write(to: folder.appending(path: ".hidden"))
        try body(BootFiles(folder: folder.path))
    }

    private func read(_ file: String, _ mode: String = "octet") -> TFTPPacket { .read(TFTPRequest(file: file, mode: mode)) }

    @Test("a file of the folder is sent, also with a slash before its name") func sent() throws {
        try withFiles { files in
            for name in ["loader.efi", "/loader.efi"] {
                guard case .transfer(_, let file) = TFTPAdmission(read(name, "OCTET"), files: files) else {
                    Issue.record("\(name) is refused")
                    continue
                }
                #expect(file.size == 4)
            }
        }
    }

    @Test(
        "nothing outside of the folder is there",
        arguments: [
            "../loader.efi", "/etc/passwd", "sub", "sub/x", "..", ".", ".hidden", "//loader.efi", "loader.efi ", "nothing",
            String(repeating: "a", count: 129),
        ])
    func outside(name: String) throws {
        try withFiles { #expect(TFTPAdmission(read(name), files: $0) == .refuse(.fileNotFound, "no such file")) }
    }

    @Test("text mode, writing and stray packets are refused, an error is never answered") func refused() throws {
        try withFiles { files in
            #expect(
                TFTPAdmission(read("loader.efi", "netascii"), files: files)
                    == .refuse(.illegalOperation, "use binary (octet) mode"))
            let write = TFTPPacket.write(TFTPRequest(file: "x", mode: "octet"))
            #expect(TFTPAdmission(write, files: files) == .refuse(.accessViolation, "this server is read-only"))
            #expect(
                TFTPAdmission(.acknowledge(block: 1), files: files) == .refuse(.unknownTransfer, "no transfer runs on this port"))
            #expect(TFTPAdmission(.error(.undefined, ""), files: files) == .ignore)
        }
    }
}
