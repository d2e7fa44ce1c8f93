rule upx_packed : packer {
  meta:
    description = "packed with UPX: the program unpacks itself when it starts"
    technique = "T1027.002"
  strings:
    $elf = { 7F 45 4C 46 }
    $mark = "UPX!"
    $info = "This file is packed with the UPX executable packer"
  condition:
    $elf at 0 and ($info or #mark > 1)
}

rule script_decodes_itself : packer script {
  meta:
    description = "a script hands decoded text to an interpreter"
    technique = "T1140"
  strings:
    $sh = /base64\s+(-d|-D|--decode)[^\n]{0,200}\|\s*(ba|da|z|k)?sh\b/
    $python = /exec\s*\(\s*(zlib\.decompress\s*\(\s*)?base64\.b64decode/
    $perl = /eval\s+(unpack|decode_base64)/
    $php = /eval\s*\(\s*(gzinflate\s*\(\s*)?base64_decode/
  condition:
    filesize < 5MB and any of them
}
