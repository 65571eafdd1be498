import Foundation
import Testing

@testable import MusterLab

@Suite struct ShopImageTests {
    @Test func theImageHoldsAWorkingRoot() throws {
        try LabFixture.withFolder { folder in
            let path = "\(folder)/shop.raw"
            try ShopImage().write(to: path)
            #expect(!Files.exists(path + ".root"))

            let check = try Command.result(of: ["e2fsck", "-f", "-n", path])
            #expect(check.status == 0, "\(check.errors)")
            func inside(_ request: String) throws -> String { try Command.result(of: ["debugfs", "-R", request, path]).text }
            for entry in ["/sbin/init", "/bin/busybox", "/etc/acpi/PWRF/00000080", "/www/cgi-bin/orders"] {
                let description = try inside("stat \(entry)")
                #expect(description.contains("Type: regular") && description.contains("Mode:  0755"), "\(entry): \(description)")
            }
            #expect(try inside("cat /www/index.html") == "shop\n")
            #expect(try inside("stat /bin/sh").contains("Type: symlink"))
            for folder in ["dev", "proc", "sys", "run"] { #expect(try inside("stat /\(folder)").contains("Type: directory")) }
        }
    }
}
