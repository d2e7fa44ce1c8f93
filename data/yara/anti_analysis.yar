rule looks_for_tracer : evasion {
  meta:
    description = "reads whether something traces it"
    technique = "T1622"
  strings:
    $field = "TracerPid"
    $file = "/proc/self/status"
  condition:
    all of them and filesize < 20MB
}

rule looks_for_virtual_machine : evasion {
  meta:
    description = "looks for marks of a virtual machine or a sandbox"
    technique = "T1497.001"
  strings:
    $dmi = /\/sys\/class\/dmi\/id\/(product_name|sys_vendor|bios_vendor|board_vendor)/
    $scsi = "/proc/scsi/scsi"
    $qemu = "QEMU" nocase fullword
    $virtualbox = "VirtualBox" nocase fullword
    $vmware = "VMware" nocase fullword
  condition:
    ($dmi or $scsi or 2 of ($qemu, $virtualbox, $vmware)) and filesize < 20MB
}
