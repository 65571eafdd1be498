import Foundation

/// A cpio archive in the form that the Linux kernel unpacks as its first root
/// (Documentation/driver-api/early-userspace/buffer-format.rst: `070701`).
///
/// The same contents give the same bytes: times and owners are zero.
struct CpioArchive {
    private var bytes = Data()
    private var number = 0
    private var folders: Set<String> = []

    /// Adds a folder and those above it; once each.
    mutating func add(folder path: String) {
        guard !path.isEmpty, folders.insert(path).inserted else { return }
        add(folder: parent(of: path))
        append(path, mode: 0o040755, contents: Data())
    }

    mutating func add(file path: String, _ contents: Data, executable: Bool = false) {
        add(folder: parent(of: path))
        append(path, mode: executable ? 0o100755 : 0o100644, contents: contents)
    }

    mutating func add(link path: String, to target: String) {
        add(folder: parent(of: path))
        append(path, mode: 0o120777, contents: Data(target.utf8))
    }

    /// The archive with its trailer.
    func finished() -> Data {
        var copy = self
        copy.append("TRAILER!!!", mode: 0, contents: Data())
        return copy.bytes
    }

    private func parent(of path: String) -> String { path.split(separator: "/").dropLast().joined(separator: "/") }

    private mutating func append(_ name: String, mode: UInt32, contents: Data) {
        number += 1
        // inode, mode, uid, gid, links, time, size, device ×2, device node ×2, name's length, checksum
        let fields = [
            UInt32(number), mode, 0, 0, 1, 0, UInt32(contents.count), 0, 0, 0, 0, UInt32(name.utf8.count + 1), 0,
        ]
        bytes.append(contentsOf: "070701".utf8)
        for field in fields {
            let digits = String(field, radix: 16)
            bytes.append(contentsOf: (String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
        bytes.append(contentsOf: name.utf8)
        bytes.append(0)
        pad()
        bytes.append(contents)
        pad()
    }

    private mutating func pad() { bytes.append(contentsOf: [UInt8](repeating: 0, count: -bytes.count & 3)) }
}
