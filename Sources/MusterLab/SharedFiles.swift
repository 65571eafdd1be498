import Foundation
import MusterCore

/// The files that come with the program: `guest` (what runs in the machines) and `lab`.
public enum SharedFiles {
    /// The folder of this name below MUSTER_SHARE, a folder above the program (a source tree), or `/usr/share/muster`.
    ///
    /// - Parameter given: a folder that someone named is taken as it is.
    public static func folder(_ name: String, given: String? = nil) throws(MusterError) -> String {
        if let given { return given }
        var candidates: [String] = []
        if let set = ProcessInfo.processInfo.environment["MUSTER_SHARE"] { candidates.append(set) }
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var above = URL(fileURLWithPath: program).deletingLastPathComponent()
        while above.path != "/" {
            candidates.append(above.path)
            above.deleteLastPathComponent()
        }
        candidates += ["/usr/local/share/muster", "/usr/share/muster"]
        let marker = name == "guest" ? "guest/init" : "\(name)/keeper.sh"
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: "\($0)/\(marker)") }) else {
            throw MusterError(
                .notFound, "the folder `\(name)` that comes with Muster was not found",
                hint: "set MUSTER_SHARE to the folder that has it (the source tree, or /usr/share/muster)")
        }
        return "\(found)/\(name)"
    }
}
