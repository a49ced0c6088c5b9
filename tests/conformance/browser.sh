#!/bin/sh
# The report in a real browser: on screen and printed. Chromium, headless, offline.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
vouch simulate credit --rows 5000 --seed 1 --out loans.csv --quiet
cp "$root/examples/loans/vouch.yaml" .
vouch run --out result --quiet >/dev/null || [ $? -eq 3 ]
browser() {
    chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --disable-quic --user-data-dir="$place/profile" "$@" 2>/dev/null
}
browser --print-to-pdf=report.pdf --no-pdf-header-footer "file://$place/result/report.html"
pdftotext report.pdf report.txt
pages=$(pdfinfo report.pdf | sed -n 's/^Pages: *//p')
[ "$pages" -ge 5 ] || { echo "only $pages pages"; exit 1; }
for words in champion "Fair lending" AUC Reasons "Controls"; do
    grep -qi "$words" report.txt || { echo "the printed report lacks: $words"; exit 1; }
done
browser --dump-dom "file://$place/result/report.html" | grep -q '<svg' || { echo "no plots"; exit 1; }
! grep -qE '(src|href)="https?:' result/report.html || { echo "the report fetches something"; exit 1; }
echo "$pages pages, plots drawn, nothing fetched"
