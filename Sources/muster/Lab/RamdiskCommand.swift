import ArgumentParser
import Foundation
import MusterCore
import MusterLab

struct RamdiskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramdisk", abstract: "Makes the folder that machines boot from: kernel, ramdisk and boot loaders.",
        discussion: "fleet.lua names it: boot_network { files = … }.")

    @Argument(help: "The folder to fill.", completion: .directory) var folder: String
    @Option(help: "The version of an installed kernel; by default Debian's kernel for virtual machines, downloaded once.")
    var kernel: String?
    @Flag(help: "Leave out the drivers of real network cards: smaller, for virtual machines only.") var virtual = false
    @OptionGroup var show: ShowOptions

    private static let loaders = ["undionly.kpxe", "snponly.efi"]

    func run() throws {
        let progress = { (text: String) in if !show.json { Screen.error.line("… \(text)") } }
        let found =
            try kernel.map { (version) throws(MusterError) in try Kernel.installed(version) }
            ?? KernelCache.kernel(progress: progress)
        if kernel == nil, !virtual {
            progress("this kernel has no drivers for common real machines: name an installed one with --kernel for those")
        }
        var builder = RamdiskBuilder(kernel: found)
        if virtual { builder.modules = RamdiskBuilder.virtualModules }
        progress("making the ramdisk")
        let files = try builder.build(into: folder)
        try Self.loaders.forEach { try Self.copy($0, into: folder) }
        let paths = [files.kernel, files.ramdisk] + Self.loaders.map { "\(folder)/\($0)" }
        show.value(.array(paths.map { .string($0) })) { paths }
    }

    private static func copy(_ loader: String, into folder: String) throws {
        let source = "/usr/lib/ipxe/\(loader)"
        guard let data = FileManager.default.contents(atPath: source) else {
            throw MusterError(.notFound, "\(source) is missing", hint: "apt-get install ipxe", subject: source)
        }
        try data.write(to: URL(fileURLWithPath: "\(folder)/\(loader)"), options: .atomic)
    }
}
