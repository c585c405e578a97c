#!/bin/sh
# GenStudio @VERSION@ for Linux: this file holds the whole program.
# sh THIS [--to FOLDER] [--remove] [--help]; without options it goes into your home.
set -eu

to="${XDG_DATA_HOME:-$HOME/.local/share}/genstudio-program"
needed_kib=@NEEDED_KIB@
action=install

say() { printf '%s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case "$1" in
        --to) [ $# -gt 1 ] || fail "--to needs the name of a folder."; to="$2"; shift ;;
        --remove) action=remove ;;
        --help)
            say "Installs GenStudio @VERSION@. Options:"
            say "  --to FOLDER   where it goes instead of $to"
            say "  --remove      takes it away again; your projects stay"
            exit 0 ;;
        *) fail "There is no option $1; try --help." ;;
    esac
    shift
done

case "$to" in /*) ;; *) to="$PWD/$to" ;; esac
share="${XDG_DATA_HOME:-$HOME/.local/share}"
link="$HOME/.local/bin/genstudio"

refresh() {
    command -v update-mime-database >/dev/null 2>&1 && update-mime-database "$share/mime" >/dev/null 2>&1 || true
    command -v update-desktop-database >/dev/null 2>&1 && update-desktop-database "$share/applications" >/dev/null 2>&1 || true
}

if [ "$action" = remove ]; then
    [ -f "$to/.installed" ] || fail "There is no GenStudio in $to. Name its folder with --to."
    while IFS= read -r file; do rm -f "$file"; done < "$to/.installed"
    rm -rf "$to"
    refresh
    say "GenStudio is gone. Your projects stay where they are, usually in Documents/GenStudio."
    say "Preferences stay in ~/.config/genstudio, logs in ~/.local/state/genstudio."
    exit 0
fi

[ "$(uname -m)" = "@MACHINE@" ] || fail "This is for @MACHINE@ processors; yours is $(uname -m)."
[ ! -e "$to" ] || [ -f "$to/.installed" ] || fail "$to is there and is no GenStudio. Choose another folder with --to."
above="$to"
while [ ! -d "$above" ]; do above=$(dirname "$above"); done
[ -w "$above" ] || fail "$above cannot be written to. Choose another folder with --to."
free_kib=$(df -Pk "$above" | awk 'NR == 2 { print $4 }')
[ "$free_kib" -ge "$needed_kib" ] || fail "There is too little room in $above: $((needed_kib / 1024)) MB are needed, $((free_kib / 1024)) MB are free. Nothing was changed."
command -v xz >/dev/null 2>&1 || fail "The program xz is missing. Install the package xz or xz-utils, then start this again."

payload() { tail -n +@LINES@ "$0"; }
[ "$(payload | sha256sum | cut -d' ' -f1)" = "@SHA256@" ] || fail "This file is damaged or incomplete. Fetch it again."

say "Installing GenStudio @VERSION@ into $to …"
new="$to.new"
rm -rf "$new"
trap 'rm -rf "$new"' EXIT INT TERM
mkdir -p "$new"
payload | xz -dc | tar -xf - -C "$new" || fail "Unpacking failed; is the disk full? Nothing was changed."

# What was there before stays until the new one is whole.
rm -rf "$to.old"
[ ! -e "$to" ] || mv "$to" "$to.old"
mv "$new" "$to"
rm -rf "$to.old"
trap - EXIT INT TERM

: > "$to/.installed"
( cd "$to/share" && find . -type f ) | while IFS= read -r file; do
    mkdir -p "$(dirname "$share/$file")"
    cp "$to/share/$file" "$share/$file"
    printf '%s\n' "$share/${file#./}" >> "$to/.installed"
done
entry="$share/applications/genstudio.desktop"
awk -v program="$to/genstudio" '
    /^Exec=/ { gsub(/[\\"`$]/, "\\\\\\\\&", program); print "Exec=\"" program "\" %f"; next }
    { print }
' "$to/share/applications/genstudio.desktop" > "$entry"
mkdir -p "$(dirname "$link")"
ln -sf "$to/genstudio" "$link"
printf '%s\n' "$link" >> "$to/.installed"
refresh
say "Done. Start it from the menu, or with: $link"
say "To take it away again: sh $0 --remove"
exit 0
