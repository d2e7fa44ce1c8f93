rule names_preload_file : persistence {
  meta:
    description = "names the file of libraries that every program loads first"
    technique = "T1574.006"
  strings:
    $path = "/etc/ld.so.preload"
  condition:
    $path and filesize < 20MB
}

rule names_cron : persistence {
  meta:
    description = "names a folder of cron or changes a crontab"
    technique = "T1053.003"
  strings:
    $spool = "/var/spool/cron"
    $folder = /\/etc\/cron(tab|\.(d|hourly|daily|weekly|monthly))\b/
    $program = /crontab\s+-/
  condition:
    any of them and filesize < 20MB
}

rule names_service_unit : persistence {
  meta:
    description = "holds a systemd unit or names where they lie"
    technique = "T1543.002"
  strings:
    $folder = "/etc/systemd/system/"
    $user = ".config/systemd/user"
    $start = "ExecStart=/"
    $wanted = "WantedBy=multi-user.target"
  condition:
    (any of ($folder, $user) or ($start and $wanted)) and filesize < 20MB
}

rule names_authorized_keys : persistence {
  meta:
    description = "names the list of keys that may log in"
    technique = "T1098.004"
  strings:
    $file = ".ssh/authorized_keys"
  condition:
    $file and filesize < 20MB
}
