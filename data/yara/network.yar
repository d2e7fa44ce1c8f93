rule speaks_irc : botnet {
  meta:
    description = "holds the sentences with which a client joins an IRC channel"
    technique = "T1071"
  strings:
    $nick = /NICK %s/
    $user = /USER %s/
    $join = /JOIN [#%]/
    $answer = /PONG (:?%s|:)/
    $private = "PRIVMSG "
  condition:
    3 of them and filesize < 20MB
}

rule speaks_mining_pool : miner {
  meta:
    description = "speaks to a pool that mines coins"
    technique = "T1496"
  strings:
    $scheme = "stratum+tcp://"
    $login = "\"method\":\"login\""
    $subscribe = "mining.subscribe"
    $submit = "mining.submit"
  condition:
    ($scheme or 2 of ($login, $subscribe, $submit)) and filesize < 40MB
}

rule names_hidden_service : network {
  meta:
    description = "names a host of the Tor network"
    technique = "T1090.003"
  strings:
    $onion = /\b[a-z2-7]{56}\.onion\b/
  condition:
    $onion and filesize < 40MB
}
