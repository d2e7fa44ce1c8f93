rule fetches_and_runs : downloader script {
  meta:
    description = "fetches something and hands it to a shell"
    technique = "T1105"
  strings:
    $pipe = /(curl|wget)\s[^\n|;&]{1,300}\|\s*(ba|da|z|k)?sh\b/
    $file = /(curl|wget)\s[^\n]{1,300}(;|&&|\n)\s*chmod\s[^\n]{1,100}(;|&&|\n)/
  condition:
    any of them and filesize < 5MB
}

rule shell_over_network : backdoor {
  meta:
    description = "ties a shell to a network connection"
    technique = "T1059.004"
  strings:
    $bash = /(ba)?sh\s+-i\s+[0-9>&]+\s*\/dev\/(tcp|udp)\//
    $netcat = /\bnc(at)?\s[^\n]{0,80}-e\s*\/bin\/(ba)?sh/
    $fifo = /mkfifo\s[^\n]{1,200}\/bin\/(ba)?sh\s+-i/
  condition:
    any of them and filesize < 5MB
}

rule runs_from_memory : execution {
  meta:
    description = "makes a file in memory and runs it"
    technique = "T1620"
  strings:
    $elf = { 7F 45 4C 46 }
    $create = "memfd_create"
    $run = "fexecve"
    $path = "/proc/self/fd/"
  condition:
    $elf at 0 and $create and ($run or $path)
}
