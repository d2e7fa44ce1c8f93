#!/usr/bin/perl
# Trait: a Perl script that writes a file and runs a command in a shell.
# Reported: shell_command; the file /tmp/from-perl.
# Harmless: the command is "true".
use strict;
use warnings;

open(my $name, '<', '/proc/sys/kernel/hostname') or die;
my $host = <$name>;
die "This is a specimen: it shows its trait only in a test's cell.\n"
    unless ($ENV{SHIKAKE_SPECIMEN} // '') eq 'in-a-cell' && $host =~ /^(kontor-pc3|web2)$/;
open(my $file, '>', '/tmp/from-perl') or die;
print $file "written by a script\n";
close($file);
system('true; true');
