#!/usr/bin/perl
# Trait: a Perl script that writes a file and runs a command in a shell.
# Reported: shell_command; the file /tmp/from-perl.
# Harmless: the command is "true".
use strict;
use warnings;

open(my $name, '<', '/proc/sys/kernel/hostname') or exit 77;
my $host = <$name>;
unless (($ENV{SHIKAKE_SPECIMEN} // '') eq 'in-a-cell' && $host =~ /^(kontor-pc3|web2)$/) {
    print STDERR "This is a specimen: it shows its trait only in a test's cell.\n";
    exit 77;
}
open(my $file, '>', '/tmp/from-perl') or die;
print $file "written by a script\n";
close($file);
system('true; true');
