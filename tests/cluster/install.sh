#!/bin/sh
# Slurm and munge from Debian's packages, where they are lacking and may be installed. Never fails: the tests say what
# they lack.
for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No Slurm here (lacking:$missing), and it cannot be installed: that needs root and apt-get. Its tests are skipped."
    exit 0
fi
echo "Installing Slurm and munge"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge; } >/tmp/slurm_install.log 2>&1; then
    echo "Slurm could not be installed (see /tmp/slurm_install.log). Its tests are skipped."
fi
exit 0
